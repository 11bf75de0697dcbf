//! Where libFuzzer meets the targets of `vestibule_tests`: one provider for all inputs of a run.

use std::sync::OnceLock;

use tokio::runtime::Runtime;
use vestibule_tests::FuzzScene;

static SCENE: OnceLock<(Runtime, FuzzScene)> = OnceLock::new();

/// Tries an input on a target.
///
/// # Panics
/// Where a promise is broken: libFuzzer keeps the input.
pub fn run(target: &str, input: &[u8]) {
    let (runtime, scene) = SCENE.get_or_init(|| {
        let runtime = Runtime::new().expect("a runtime");
        let scene = runtime.block_on(FuzzScene::start());
        (runtime, scene)
    });
    runtime.block_on(scene.run(target, input));
}
