//! What an attribute may be declared to be.

use regex::{Regex, RegexBuilder};
use vestibule_core::ScopeSet;

use super::{
    AttributeKind, Audience, Declaration, DefinitionError,
    reserved::{RESERVED_CLAIMS, RESERVED_SCOPES},
};

/// The longest name of an attribute or a scope, in bytes.
const LONGEST_NAME: usize = 64;
/// The longest line, such as a label or a choice, in characters.
const LONGEST_LINE: usize = 255;
/// The longest description, in characters.
const LONGEST_TEXT: usize = 1024;
/// The longest pattern, in bytes, and what it may become in memory.
const LONGEST_PATTERN: usize = 512;
const LARGEST_PATTERN: usize = 1 << 20;
/// How many choices there may be.
const MOST_CHOICES: usize = 200;

/// Whether everything about a declaration is in order.
pub(super) fn check(name: &str, declaration: &Declaration) -> Result<(), DefinitionError> {
    attribute_name(name)?;
    line("label", &declaration.label)?;
    if let Some(description) = &declaration.description
        && (description.trim().is_empty() || description.chars().count() > LONGEST_TEXT)
    {
        return Err(invalid("description", "it has 1 to 1024 characters; leave it out, or shorten it"));
    }
    choices(declaration)?;
    if let Some(text) = &declaration.pattern {
        if !matches!(declaration.kind, AttributeKind::Text | AttributeKind::List) {
            return Err(invalid("pattern", "only a text or a list has one; leave it out"));
        }
        pattern(text)?;
    }
    if declaration.unique && matches!(declaration.kind, AttributeKind::Boolean | AttributeKind::List) {
        return Err(invalid("unique", "a boolean or a list cannot be unique; declare a text, or leave it out"));
    }
    if declaration.editable_by == Audience::User && declaration.visible_to != Audience::User
        || declaration.editable_by == Audience::Staff && declaration.visible_to == Audience::Nobody
    {
        return Err(invalid("editable_by", "whoever edits it must see it; widen visible_to, or narrow this"));
    }
    if declaration.claim.is_some() && declaration.visible_to == Audience::Nobody {
        return Err(invalid(
            "claim",
            "applications would be told what nobody may see; widen visible_to, or leave it out",
        ));
    }
    match (&declaration.claim, &declaration.scope) {
        (None, None) => Ok(()),
        (Some(claim), Some(scope)) => claim_name(claim).and_then(|()| scope_name(scope)),
        (Some(_), None) => {
            Err(invalid("scope", "a claim is carried by a scope; name one, such as the attribute's name"))
        }
        (None, Some(_)) => Err(invalid("claim", "a scope carries a claim; name one, or leave the scope out")),
    }
}

/// A letter, then letters, digits, `_`, `-`, `.`: what stands in a URL, a form field and a column of a file alike.
fn attribute_name(name: &str) -> Result<(), DefinitionError> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-.".contains(&byte);
    let starts = name.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
    if starts && name.len() <= LONGEST_NAME && name.bytes().all(allowed) {
        return Ok(());
    }
    Err(invalid("name", "it begins with a small letter and has at most 64 small letters, digits, _, - and ."))
}

fn line(field: &'static str, text: &str) -> Result<(), DefinitionError> {
    if text.trim().is_empty() || text.chars().count() > LONGEST_LINE || text.contains(char::is_control) {
        return Err(invalid(field, "it is one line of 1 to 255 characters"));
    }
    Ok(())
}

fn choices(declaration: &Declaration) -> Result<(), DefinitionError> {
    let choices = &declaration.choices;
    match declaration.kind {
        AttributeKind::Choice if choices.is_empty() => return Err(invalid("choices", "a choice has at least one")),
        AttributeKind::Choice | AttributeKind::List => {}
        _ if choices.is_empty() => return Ok(()),
        _ => return Err(invalid("choices", "only a choice or a list has them; leave them out")),
    }
    if choices.len() > MOST_CHOICES {
        return Err(invalid("choices", "there are at most 200; take some away, or declare a text"));
    }
    for (index, choice) in choices.iter().enumerate() {
        line("choices", choice)?;
        if choices[..index].contains(choice) {
            return Err(invalid("choices", "one is there twice; take one of them away"));
        }
    }
    Ok(())
}

/// A pattern that the whole of a text must match.
pub(super) fn pattern(text: &str) -> Result<Regex, DefinitionError> {
    if text.len() > LONGEST_PATTERN {
        return Err(invalid("pattern", "it is longer than 512 bytes; shorten it"));
    }
    let built = |text: &str| {
        let built = RegexBuilder::new(text).size_limit(LARGEST_PATTERN).dfa_size_limit(LARGEST_PATTERN).build();
        built.map_err(|error| invalid("pattern", error.to_string()))
    };
    // By itself first, lest a parenthesis that it closes opens the anchors.
    built(text)?;
    built(&format!(r"\A(?:{text})\z"))
}

fn claim_name(claim: &str) -> Result<(), DefinitionError> {
    if claim.is_empty() || claim.len() > LONGEST_LINE || !claim.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(invalid("claim", "it has 1 to 255 characters of ASCII without blanks"));
    }
    if RESERVED_CLAIMS.iter().any(|reserved| reserved.eq_ignore_ascii_case(claim)) {
        return Err(invalid("claim", format!("`{claim}` means something already; choose another name")));
    }
    Ok(())
}

fn scope_name(scope: &str) -> Result<(), DefinitionError> {
    let well_formed = !scope.contains(' ') && scope.parse::<ScopeSet>().is_ok_and(|set| !set.is_empty());
    if !well_formed || scope.len() > LONGEST_NAME {
        return Err(invalid("scope", "it has 1 to 64 characters of ASCII without blanks, \" and \\"));
    }
    if RESERVED_SCOPES.contains(&scope) || scope.starts_with("vestibule.") {
        return Err(invalid("scope", format!("`{scope}` carries no attributes; choose another")));
    }
    Ok(())
}

fn invalid(field: &'static str, why: impl Into<String>) -> DefinitionError {
    DefinitionError::Invalid { field, why: why.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text() -> Declaration {
        Declaration { label: "Department".into(), ..Declaration::default() }
    }

    fn refused(name: &str, declaration: Declaration) -> &'static str {
        match check(name, &declaration) {
            Err(DefinitionError::Invalid { field, .. }) => field,
            other => panic!("{name}: {other:?}"),
        }
    }

    #[test]
    fn a_name_stands_in_a_url() {
        assert!(check("cost-centre_2.eu", &text()).is_ok());
        for wrong in ["", "2nd", "Department", "a b", "é", &"a".repeat(65)] {
            assert_eq!(refused(wrong, text()), "name", "{wrong}");
        }
    }

    #[test]
    fn a_claim_shadows_nothing_that_means_something() {
        let with =
            |claim: &str, scope: &str| Declaration { claim: Some(claim.into()), scope: Some(scope.into()), ..text() };
        assert!(check("a", &with("https://example.com/claims/department", "profile")).is_ok());
        for claim in RESERVED_CLAIMS {
            assert_eq!(refused("a", with(claim, "staff")), "claim", "{claim}");
        }
        for claim in ["SUB", "Email", "", "two words", "é"] {
            assert_eq!(refused("a", with(claim, "staff")), "claim", "{claim}");
        }
        for scope in ["openid", "offline_access", "vestibule.view_user", "", "two words", "a\"b", "é"] {
            assert_eq!(refused("a", with("department", scope)), "scope", "{scope}");
        }
        assert_eq!(refused("a", Declaration { scope: None, ..with("department", "x") }), "scope");
        assert_eq!(refused("a", Declaration { claim: None, ..with("department", "x") }), "claim");
        let hidden =
            Declaration { visible_to: Audience::Nobody, editable_by: Audience::Nobody, ..with("department", "x") };
        assert_eq!(refused("a", hidden), "claim", "what nobody may see is told to nobody");
    }

    #[test]
    fn a_pattern_is_bounded_and_matches_the_whole() {
        let matches = |with: &str, text: &str| pattern(with).unwrap().is_match(text);
        assert!(matches("a|b", "b") && !matches("a|b", "ab") && !matches("[0-9]+", "1\n"));
        for wrong in ["a)|(?:b", "(", "(?x) a # ", "(?:a{1000}){1000}", &"a".repeat(513)] {
            assert!(pattern(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        let of = |kind| Declaration { kind, ..text() };
        let choice = |choices: &[&str]| Declaration {
            choices: choices.iter().map(ToString::to_string).collect(),
            ..of(AttributeKind::Choice)
        };
        assert!(check("a", &choice(&["one", "two"])).is_ok());
        assert_eq!(refused("a", choice(&[])), "choices");
        assert_eq!(refused("a", choice(&["one", "one"])), "choices");
        assert_eq!(refused("a", Declaration { kind: AttributeKind::Text, ..choice(&["one"]) }), "choices");
        assert_eq!(refused("a", Declaration { pattern: Some("x".into()), ..of(AttributeKind::Number) }), "pattern");
        assert_eq!(refused("a", Declaration { unique: true, ..of(AttributeKind::Boolean) }), "unique");
        assert_eq!(refused("a", Declaration { editable_by: Audience::User, ..text() }), "editable_by");
        assert_eq!(refused("a", Declaration { label: " ".into(), ..text() }), "label");
    }
}
