//! The modules of the OpenID Foundation's conformance suite, each as a test of its name, in our own words: a file a plan, or a
//! part of plans that belongs together.

mod backchannel;
mod basic;
mod comprehensive;
mod config;
mod dynamic;
mod form_post;
mod frontchannel;
mod hybrid;
mod implicit;
mod par;
mod plan;
mod request_objects;
mod rp_initiated_logout;
mod session_management;
mod suite;
