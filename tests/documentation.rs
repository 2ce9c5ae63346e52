//! Pages that are generated from tables in the source, compared with what lies in the repository.

#![expect(
    clippy::disallowed_methods,
    reason = "a test reads the page, and writes it where that is asked for"
)]

use std::path::Path;

#[test]
fn the_page_of_functions_is_that_of_the_catalogue() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/arm-functions.md");
    let page = aznet::eval::arm::functions_page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        written.replace('\r', ""),
        page,
        "docs/arm-functions.md is out of date: UPDATE_DOCS=1 writes it anew"
    );
}
