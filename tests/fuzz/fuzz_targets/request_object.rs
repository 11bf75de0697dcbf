//! `cargo xtask fuzz request_object`
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| vestibule_fuzz::run("request_object", input));
