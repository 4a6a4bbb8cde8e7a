//! Tests of the check itself, with small crates.

use crate::{order, problems};
use anyhow::Result;

/// Returns the problems of a crate with these files and these rooms.
fn said(files: &[(&str, &str)], rooms: &str) -> Result<Vec<String>> {
    let root = tempfile::tempdir()?;
    for (name, text) in files {
        let file = root.path().join("sample/src").join(name);
        std::fs::create_dir_all(file.parent().unwrap_or(root.path()))?;
        std::fs::write(file, text)?;
    }
    let orders = order::read(&format!("[sample]\n{rooms}"))?;
    problems("sample", root.path(), orders.first().filter(|order| !order.is_open()))
}

const ROOT: (&str, &str) = ("lib.rs", "mod high; mod low; pub use low::Thing;");

#[test]
fn a_use_downwards_is_valid_and_one_upwards_is_reported_with_its_line() -> Result<()> {
    let down = [ROOT, ("high.rs", "use crate::low::Thing;"), ("low.rs", "pub struct Thing;")];
    assert_eq!(said(&down, "high\nlow")?, Vec::<String>::new());
    assert_eq!(
        said(&down, "low\nhigh")?,
        [
            "sample/src/high.rs:1: high uses low (crate::low::Thing), which is above it; move what it needs below it, or \
             hand it in from above"
        ]
    );
    Ok(())
}

#[test]
fn every_form_of_a_path_to_another_room_is_found() -> Result<()> {
    let ways = [
        "use crate::{low::{self, Thing}};",
        "use super::high::Thing;",
        "use self::super::high::{Thing as Other};",
        "use crate::high::*;",
        "pub use crate::high::inner::deep;",
        "fn f() { crate::high::g() }",
        "fn f() -> super::high::Thing { todo!() }",
        "fn f() { println!(\"{}\", super::high::g()) }",
        "use crate::high; fn f() { high::g() }",
        "mod inside { use super::super::high::Thing; }",
        "fn f() { use crate::high::Thing; }",
        "#[derive(Debug)] struct S { #[doc = concat!(crate::high::X)] x: crate::high::X }",
        "use crate::Shown;",
    ];
    for way in ways {
        let root = ("lib.rs", "mod high; mod low; pub use high::Shown;");
        let high = ("high/mod.rs", "pub mod inner; pub struct Shown;");
        let files = [root, high, ("high/inner.rs", ""), ("low.rs", &format!("\n{way}"))];
        let said = said(&files, "high\nlow")?;
        let expected = !way.contains("low::");
        let found = said.iter().any(|line| line.starts_with("sample/src/low.rs:2: low uses high"));
        assert_eq!(found, expected, "{way}: {said:?}");
    }
    Ok(())
}

#[test]
fn other_crates_tests_and_strings_are_ignored() -> Result<()> {
    let low = "use high_level::Thing; use std::io; use ::high::Thing as T;\n// crate::high\nconst X: &str = \"crate::high\";\n\
               #[cfg(test)] use crate::high::Y;\n#[cfg(test)] mod tests { use crate::high::Y; }\n\
               pub struct Thing;";
    assert_eq!(said(&[ROOT, ("high.rs", ""), ("low.rs", low)], "high\nlow")?, Vec::<String>::new());
    let files = [
        ROOT,
        ("high.rs", ""),
        ("low.rs", "#[cfg(test)] mod tests; pub struct Thing;"),
        ("low/tests.rs", "use crate::high;"),
    ];
    assert_eq!(said(&files, "high\nlow")?, Vec::<String>::new());
    Ok(())
}

#[test]
fn a_re_export_counts_as_its_target() -> Result<()> {
    let files = [
        ("lib.rs", "mod high; mod middle; mod low; pub use middle::Thing;"),
        ("high.rs", ""),
        ("middle.rs", "pub use crate::low::Thing;"),
        ("low.rs", "pub struct Thing; fn f(_: crate::Thing) {}"),
    ];
    assert_eq!(said(&files, "high\nmiddle\nlow")?, Vec::<String>::new());
    Ok(())
}

#[test]
fn rooms_side_by_side_do_not_use_each_other_and_the_root_is_above_all() -> Result<()> {
    let files = [
        ("lib.rs", "mod high; mod low; pub struct Root;"),
        ("high.rs", "use crate::low;\nuse crate::low::X;"),
        ("low.rs", "use crate::Root;"),
    ];
    let said = said(&files, "high low")?;
    assert!(
        said.iter().any(|line| line.starts_with("sample/src/high.rs:1: high uses low (crate::low), which is beside"))
    );
    assert!(said.iter().any(|line| line.contains("low.rs:1: low uses crate::Root, which the crate's root defines;")));
    assert_eq!(said.len(), 3);
    Ok(())
}

#[test]
fn a_room_within_a_room_has_a_place_of_its_own() -> Result<()> {
    let files = [
        ("lib.rs", "mod air; mod fleet;"),
        ("air/mod.rs", "mod pick;"),
        ("air/pick.rs", "use crate::fleet::Radio;"),
        ("fleet.rs", "use crate::air::Lease;"),
    ];
    let said = said(&files, "air/pick\nfleet\nair")?;
    assert_eq!(said, Vec::<String>::new());
    Ok(())
}

#[test]
fn a_room_without_a_place_and_a_place_without_a_room_are_reported() -> Result<()> {
    let said = said(&[ROOT, ("high.rs", ""), ("low.rs", "pub struct Thing;")], "high\nattic")?;
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said.iter().any(|line| line.contains("has a room attic, which is not there; remove it")));
    assert!(
        said.iter().any(|line| line.starts_with("sample/src/low.rs:1: sample::low is in no room; give it its place"))
    );
    Ok(())
}

#[test]
fn a_circle_of_folders_is_reported_step_by_step() -> Result<()> {
    let files = [
        ("lib.rs", "mod a; mod b; mod c;"),
        ("a/mod.rs", "mod x;"),
        ("a/x.rs", "\nuse crate::b::y;"),
        ("b/mod.rs", "pub mod y;"),
        ("b/y.rs", "use super::super::c::z;"),
        ("c/mod.rs", "pub mod z;"),
        ("c/z.rs", "fn f() { crate::a::g() }"),
    ];
    let said = said(&files, "*")?;
    let [circle] = said.as_slice() else { panic!("{said:?}") };
    for step in ["a/x.rs:2: a uses b (crate::b::y)", "b/y.rs:1: b uses c", "c/z.rs:1: c uses a (crate::a::g)"] {
        assert!(circle.contains(step), "{circle}");
    }
    Ok(())
}

#[test]
fn a_circle_of_nested_folders_is_reported() -> Result<()> {
    let files = [
        ("lib.rs", "mod core;"),
        ("core/mod.rs", "mod a; mod b;"),
        ("core/a/mod.rs", "mod x; use super::b::y;"),
        ("core/a/x.rs", ""),
        ("core/b/mod.rs", "pub mod y;"),
        ("core/b/y.rs", "use crate::core::a::Z;"),
    ];
    assert_eq!(said(&files, "*")?.len(), 1);
    Ok(())
}

#[test]
fn files_and_a_folder_with_its_own_parts_are_not_a_circle() -> Result<()> {
    let files = [
        ("lib.rs", "mod a; mod b;"),
        ("a/mod.rs", "mod x; mod y; use x::X; use crate::b::B; pub struct A;"),
        ("a/x.rs", "use super::y::Y; use super::A;"),
        ("a/y.rs", "use super::x::X;"),
        ("b.rs", "pub struct B;"),
    ];
    assert_eq!(said(&files, "*")?, Vec::<String>::new());
    Ok(())
}
