//! `cargo xtask fuzz jwe_header`
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| vestibule_fuzz::run("jwe_header", input));
