//! The inputs that fuzzing found worth keeping, and those that it begins with: each keeps every promise of its target. What was
//! an error once stands among them.

use std::{collections::BTreeSet, fs, path::PathBuf, sync::Arc};

use vestibule_tests::{FUZZ_TARGETS, FuzzScene};

fn corpus() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus")
}

fn names(folder: PathBuf) -> BTreeSet<PathBuf> {
    fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect()
}

#[tokio::test]
async fn every_input_of_the_corpora_keeps_the_promises_of_its_target() {
    let scene = Arc::new(FuzzScene::start().await);
    for target in FUZZ_TARGETS {
        let inputs = names(corpus().join(target));
        assert!(inputs.len() >= 5, "{target} has a corpus");
        for path in inputs {
            let (scene, input) = (scene.clone(), fs::read(&path).expect("an input"));
            let kept = tokio::spawn(async move { scene.run(target, &input).await }).await;
            kept.unwrap_or_else(|_| panic!("{} breaks a promise (see above)", path.display()));
        }
    }
}

#[test]
fn every_corpus_has_its_target_and_every_target_its_program() {
    let folders = names(corpus()).iter().filter_map(|path| Some(path.file_name()?.to_str()?.to_owned())).collect();
    let targets: BTreeSet<String> = FUZZ_TARGETS.map(str::to_owned).into();
    assert_eq!(targets, folders);
    for target in targets {
        let program = corpus().join("../fuzz_targets").join(format!("{target}.rs"));
        assert!(fs::read_to_string(&program).expect("a program").contains(&format!("{target:?}")), "{target}");
    }
}
