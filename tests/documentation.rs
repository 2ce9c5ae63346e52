//! Pages that are generated from tables in the source, compared with what lies in the repository.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test reads the page, and writes it where that is asked for"
)]

use std::path::Path;

#[test]
fn the_pages_of_functions_are_those_of_the_catalogues() {
    check("arm-functions.md", &aznet::eval::arm::functions_page());
    check(
        "terraform-functions.md",
        &aznet::eval::hcl_expr::functions_page(),
    );
}

fn check(name: &str, page: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("docs")
        .join(name);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        written.replace('\r', ""),
        page,
        "docs/{name} is out of date: UPDATE_DOCS=1 writes it anew"
    );
}

#[test]
fn the_page_of_the_vocabulary_is_that_of_the_kinds() {
    check("vocabulary.md", &aznet::policy::vocabulary::reference());
}
