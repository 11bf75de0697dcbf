//! The working memory of one worker.

use argon2::Block;

/// Room for this many blocks (of 1 KiB) at least, so that the C library maps the buffer instead of carving it from a heap.
///
/// glibc learns from the first large buffer that is freed: it raises the size from which it maps up to that buffer's, and
/// takes the next one from the thread's heap, which it trims so rarely that an idle process would keep every worker's 19 MiB
/// for ever. What it learns stops at 32 MiB; a buffer beyond is always mapped, and unmapped when it is freed. The room costs
/// addresses only: pages that are never touched take no memory.
const ALWAYS_MAPPED: usize = 33 * 1024;

/// Argon2 blocks, kept between hashes: a quarter to a half of a hash's time is the page faults of fresh memory.
#[derive(Default)]
pub(super) struct Memory {
    blocks: Vec<Block>,
}

impl Memory {
    /// `count` blocks, whatever they hold: the first pass of Argon2 and of scrypt writes each before it reads it. `None` where the system has
    /// no memory left.
    pub(super) fn blocks(&mut self, count: usize) -> Option<&mut [Block]> {
        if self.blocks.len() < count {
            self.release();
            self.blocks.try_reserve_exact(count.max(ALWAYS_MAPPED)).ok()?;
            self.blocks.resize(count, Block::new());
        }
        self.blocks.get_mut(..count)
    }

    /// Gives back what a hash of more than `count` blocks needed.
    pub(super) fn release_above(&mut self, count: usize) {
        if self.blocks.len() > count {
            self.release();
        }
    }

    /// Gives everything back to the system.
    pub(super) fn release(&mut self) {
        self.blocks = Vec::new();
    }

    /// Whether there is anything to give back.
    pub(super) fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }
}
