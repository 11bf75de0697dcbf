//! `cargo xtask walls`: what keeps the rooms of the house apart.
//!
//! Three kinds of walls, each with its table below: which of our crates may stand on which (`ROOMS`), which crate alone names
//! a library (`KEPT_BY`), and which library stays behind one file of its crate (`ONE_FILE`). `cargo deny` keeps the second
//! kind against indirect ways too (deny.toml); here the message says what to do.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    failure::{Failure, While},
    project::{Package, Project},
};

/// Our packages from the ground up: a package stands only on those of earlier floors.
const ROOMS: &[&[&str]] = &[
    &["vestibule-core"],
    &["vestibule-jose", "vestibule-migrations", "vestibule-metrics"],
    &["vestibule-database", "vestibule-ephemeral"],
    &["vestibule-outbound", "vestibule-audit"],
    &["vestibule-users", "vestibule-sessions", "vestibule-tokens"],
    &["vestibule-oidc", "vestibule-federation", "vestibule-guard"],
    &["vestibule-import"],
    &["vestibule-server"],
    &["vestibule"],
    &["vestibule-tests"],
];

/// What builds without the house: it names none of our packages. The benchmark is one, so that it knows no more of a provider
/// than anybody.
const WITHOUT_THE_HOUSE: &[&str] = &["xtask", "vestibule-bench"];

/// A resource server's crate brings no provider with it, so it may stand on less than its floor allows.
const GUARD: (&str, &[&str]) = ("vestibule-guard", &["vestibule-core", "vestibule-jose", "vestibule-outbound"]);

/// What is not behind it either, by whatever way and feature.
const NOT_BEHIND_GUARD: &[&str] = &[
    "vestibule-database",
    "vestibule-ephemeral",
    "vestibule-migrations",
    "sea-orm",
    "sqlx",
    "redis",
    "lettre",
    "argon2",
];

/// Libraries, and the only packages that name them.
const KEPT_BY: &[(&str, &[&str])] = &[
    // The tests run an API of somebody else's.
    ("poem", &["vestibule-server", "vestibule-guard", "vestibule-tests"]),
    ("redis", &["vestibule-ephemeral"]),
    ("jsonwebtoken", &["vestibule-jose"]),
    ("oxide-auth", &["vestibule-oidc"]),
    ("lettre", &["vestibule-outbound"]),
    // The demo's programs and the tests are others, and fetch as others do.
    ("reqwest", &["vestibule-outbound", "vestibule", "vestibule-tests"]),
    ("prometheus-client", &["vestibule-metrics"]),
    (
        "sea-orm",
        // The tests make and drop databases of their own; the benchmark counts what a soak leaves.
        &[
            "vestibule-database",
            "vestibule-outbound",
            "vestibule-audit",
            "vestibule-users",
            "vestibule-tokens",
            "vestibule-oidc",
            "vestibule-import",
            "vestibule-migrations",
            "vestibule-tests",
            "vestibule-bench",
        ],
    ),
    ("sea-orm-migration", &["vestibule-database", "vestibule-migrations"]),
];

/// In the package's sources, only one file names the library.
const ONE_FILE: &[(&str, &str)] = &[("vestibule-oidc", "oxide_auth")];

/// Checks every wall and fails with a line for each hole.
pub(crate) fn run(project: &Project) -> Result<(), Failure> {
    let mut holes = Vec::new();
    for package in project.packages() {
        holes.extend(holes_to_our_own(&package.name, &package.dependencies));
        holes.extend(holes_to_libraries(&package.name, &package.dependencies));
        for (_, library) in ONE_FILE.iter().filter(|(owner, _)| *owner == package.name) {
            holes.extend(hole_between_files(package, library)?);
        }
    }
    holes.extend(holes_behind_guard(&project.behind(GUARD.0)?));
    if holes.is_empty() {
        println!("The walls stand: {} packages name only what their rooms may name.", project.packages().len());
        return Ok(());
    }
    Err(Failure::because(format!("the walls have holes:\n  {}", holes.join("\n  "))))
}

fn floor(package: &str) -> Option<usize> {
    ROOMS.iter().position(|rooms| rooms.contains(&package))
}

fn is_ours(package: &str) -> bool {
    package == "vestibule" || package.starts_with("vestibule-")
}

fn holes_to_our_own(package: &str, dependencies: &[String]) -> Vec<String> {
    let ours = dependencies.iter().map(String::as_str).filter(|dependency| is_ours(dependency));
    if WITHOUT_THE_HOUSE.contains(&package) {
        return ours.map(|dependency| format!("{package} names {dependency}, but builds without the house")).collect();
    }
    let Some(own_floor) = floor(package) else {
        return vec![format!("{package} has no room yet: give it one in ROOMS of xtask/src/walls.rs")];
    };
    let allowed = |dependency: &str| match GUARD {
        (guard, standing_on) if guard == package => standing_on.contains(&dependency),
        _ => floor(dependency).is_some_and(|floor| floor < own_floor),
    };
    ours.filter(|dependency| !allowed(dependency))
        .map(|dependency| {
            format!("{package} names {dependency}, which is not beneath it (ARCHITECTURE.md has the arrows)")
        })
        .collect()
}

fn holes_behind_guard(behind: &[String]) -> Vec<String> {
    let found = NOT_BEHIND_GUARD.iter().filter(|package| behind.iter().any(|found| found == *package));
    found
        .map(|package| {
            format!("{} has {package} behind it: look for the way with cargo tree -p {} -i {package}", GUARD.0, GUARD.0)
        })
        .collect()
}

fn holes_to_libraries(package: &str, dependencies: &[String]) -> Vec<String> {
    let kept = KEPT_BY.iter().filter(|(library, keepers)| {
        dependencies.iter().any(|dependency| dependency == library) && !keepers.contains(&package)
    });
    kept.map(|(library, keepers)| {
        format!("{package} names {library}, which only {} may: use what that crate offers", keepers.join(" and "))
    })
    .collect()
}

fn hole_between_files(package: &Package, library: &str) -> Result<Option<String>, Failure> {
    let mut files = Vec::new();
    collect_sources(&package.folder.join("src"), &mut files)?;
    let mut naming = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).doing(|| format!("{} cannot be read", file.display()))?;
        if names(&text, library) {
            naming.push(file.strip_prefix(&package.folder).unwrap_or(&file).display().to_string());
        }
    }
    naming.sort();
    let message = || format!("{}: only one file may name {library}, but {} do", package.name, naming.join(" and "));
    Ok((naming.len() > 1).then(message))
}

fn collect_sources(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    for entry in fs::read_dir(folder).doing(|| format!("{} cannot be read", folder.display()))?.flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect_sources(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

/// Whether code names the crate; a comment may speak of it.
fn names(source: &str, library: &str) -> bool {
    source
        .lines()
        .filter_map(|line| line.split("//").next())
        .any(|code| code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == library))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn arrows_point_downward_only() {
        let holes = |package, dependencies: &[&str]| holes_to_our_own(package, &list(dependencies)).len();
        assert_eq!(holes("vestibule-oidc", &["vestibule-core", "vestibule-users", "serde"]), 0);
        assert_eq!(holes("vestibule-users", &["vestibule-oidc"]), 1, "upward");
        assert_eq!(holes("vestibule-users", &["vestibule-tokens"]), 1, "sideways");
        assert_eq!(holes("vestibule-tests", &["vestibule"]), 0);
        assert_eq!(holes("xtask", &["vestibule-core"]), 1);
        assert_eq!(holes("vestibule-bench", &["vestibule-core"]), 1);
        assert_eq!(holes("vestibule-bench", &["argon2"]), 0);
    }

    #[test]
    fn the_guard_has_no_database_behind_it() {
        assert_eq!(holes_to_our_own("vestibule-guard", &list(&["vestibule-jose"])).len(), 0);
        assert_eq!(holes_to_our_own("vestibule-guard", &list(&["vestibule-database", "vestibule-tokens"])).len(), 2);
    }

    #[test]
    fn nothing_of_a_provider_stands_behind_the_guard() {
        assert!(holes_behind_guard(&list(&["vestibule-jose", "vestibule-outbound", "poem"])).is_empty());
        assert_eq!(holes_behind_guard(&list(&["vestibule-outbound", "lettre", "sea-orm"])).len(), 2);
    }

    #[test]
    fn a_crate_without_a_room_is_told_where_to_get_one() {
        assert!(holes_to_our_own("vestibule-attic", &[])[0].contains("ROOMS"));
    }

    #[test]
    fn a_library_is_named_by_its_keeper_alone() {
        assert!(holes_to_libraries("vestibule-server", &list(&["poem"])).is_empty());
        assert_eq!(holes_to_libraries("vestibule-oidc", &list(&["poem", "redis"])).len(), 2);
    }

    #[test]
    fn a_comment_names_nothing() {
        assert!(names("use oxide_auth::code_grant;", "oxide_auth"));
        assert!(!names("// how oxide_auth does it\nuse crate::oxide_auth_adapter;", "oxide_auth"));
    }
}
