//! What happened, written down: who did what, for whom, from where.
