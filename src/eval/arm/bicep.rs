//! Templates that the Bicep compiler wrote: what they say of themselves.

use crate::eval::Generator;
use crate::syntax::json::Json;

/// The program that a template says it was written by: `metadata._generator`.
///
/// Source: the compiler writes the member into every template and nested template
/// (`Azure/bicep`, `TemplateWriter`).
pub(super) fn generator(template: &Json) -> Option<Generator> {
    let generator = template
        .get_ignore_case("metadata")?
        .get_ignore_case("_generator")?;
    let text = |name| generator.get_ignore_case(name).and_then(Json::as_str);
    Some(Generator {
        name: text("name")?.into(),
        version: text("version").map(Into::into),
    })
}
