//! `cargo xtask fuzz redirect_uri`
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| vestibule_fuzz::run("redirect_uri", input));
