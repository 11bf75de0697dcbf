//! `cargo xtask fuzz basic_header`
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| vestibule_fuzz::run("basic_header", input));
