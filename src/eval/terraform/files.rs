//! Functions that read files: only below the root of the run, relative to the root module.

use std::rc::Rc;
use std::sync::Arc;

use super::evaluation::Evaluation;
use super::module::Module;
use crate::eval::functions::{digest, encoding, text};
use crate::eval::hcl_expr::{
    Failure, Lookup, Outcome, Scope, Session, Step, derived_unknown, evaluate_template,
    labels::call, step_into, to_text,
};
use crate::eval::value::{Data, Piece, Reason, Unknown, Value};
use crate::origin::{OriginId, OriginStep};
use crate::source::{FileId, SourceFile, Span};
use crate::syntax::hcl;

/// Templates longer than this are not evaluated.
const MAX_TEMPLATE: usize = 1 << 20;

impl<'a> Evaluation<'a> {
    /// Calls a function that reads files or needs to know where they are.
    pub(super) fn file_function(
        &self,
        module: &Rc<Module<'a>>,
        name: &str,
        arguments: &[Value],
        at: Span,
    ) -> Option<Outcome> {
        let function: fn(&SourceFile) -> String = match name {
            "file" => |file| file.text().to_string(),
            "filebase64" => |file| encoding::base64_encode(file.text().as_bytes()),
            "filemd5" => |file| encoding::hex(&digest::md5(file.text().as_bytes())),
            "filesha1" => |file| encoding::hex(&digest::sha1(file.text().as_bytes())),
            "filesha256" => |file| encoding::hex(&digest::sha256(file.text().as_bytes())),
            "filesha512" => |file| encoding::hex(&digest::sha512(file.text().as_bytes())),
            "filebase64sha256" => {
                |file| encoding::base64_encode(&digest::sha256(file.text().as_bytes()))
            }
            "filebase64sha512" => {
                |file| encoding::base64_encode(&digest::sha512(file.text().as_bytes()))
            }
            "fileexists" => return Some(self.exists(arguments, at)),
            "fileset" => return Some(Ok(self.file_set(arguments, at))),
            "templatefile" => return Some(self.template_file(module, arguments, at)),
            "templatestring" => return Some(self.template_string(arguments, at)),
            "abspath" => return Some(self.absolute(arguments, at)),
            "basename" | "dirname" => return self.path_of_template(name, arguments, at),
            _ => return None,
        };
        let Some(value) = arguments.first() else {
            return Some(Err(Failure::invalid(
                at,
                format!("{name}: a path is needed"),
            )));
        };
        let Some(path) = to_text(value) else {
            return Some(Ok(self.unknown_call(name, arguments)));
        };
        Some(match self.open(&path) {
            Some((id, file)) => {
                let origin = self.of_file(name, id, &file, value.origin);
                Ok(Value::string(function(&file), origin))
            }
            None => Ok(self.no_file(name, &path, arguments, at)),
        })
    }

    fn open(&self, path: &str) -> Option<(FileId, Arc<SourceFile>)> {
        let (id, file) = self.loader.text(&self.path(path)?)?;
        self.read.borrow_mut().insert(id);
        Some((id, file))
    }

    fn of_file(&self, name: &str, id: FileId, file: &SourceFile, path: OriginId) -> OriginId {
        let end = u32::try_from(file.text().len()).unwrap_or(u32::MAX);
        let text = self.session.literal(Span::new(id, 0, end));
        let step = || OriginStep::Function(name.into());
        self.session.hop(None, step, &[text, path])
    }

    /// Which files there are is not looked up: some may only be there when Terraform runs.
    fn file_set(&self, arguments: &[Value], at: Span) -> Value {
        let texts: Option<Vec<Arc<str>>> = arguments.iter().map(to_text).collect();
        match texts {
            Some(texts) => self.no_file("fileset", &texts.join("/"), arguments, at),
            None => self.unknown_call("fileset", arguments),
        }
    }

    fn exists(&self, arguments: &[Value], at: Span) -> Outcome {
        let Some(value) = arguments.first() else {
            return Err(Failure::invalid(at, "fileexists: a path is needed"));
        };
        match to_text(value) {
            Some(path) if self.open(&path).is_some() => {
                Ok(Value::bool(true, self.session.literal(at)))
            }
            // What cannot be read here may still be there when Terraform runs.
            Some(path) => Ok(self.no_file("fileexists", &path, arguments, at)),
            None => Ok(self.unknown_call("fileexists", arguments)),
        }
    }

    /// What a function gives of a file that is not here: the file is what is missing.
    fn no_file(&self, name: &str, path: &str, arguments: &[Value], at: Span) -> Value {
        let mut unknown = Unknown::derived(name, arguments);
        unknown.label = call(name, arguments);
        unknown.reason = Reason::File(path.into());
        unknown.causes = Vec::new();
        unknown.declared = Some(at);
        Value::unknown(unknown, self.session.literal(at))
    }

    fn unknown_call(&self, name: &str, arguments: &[Value]) -> Value {
        let origin = arguments
            .first()
            .map_or(OriginId::NONE, |value| value.origin);
        Value::unknown(derived_unknown(name, arguments), origin)
    }

    fn template_file(&self, _module: &Rc<Module<'a>>, arguments: &[Value], at: Span) -> Outcome {
        let [path, names] = arguments else {
            return Err(Failure::invalid(
                at,
                "templatefile: a path and values are needed",
            ));
        };
        let Some(path) = to_text(path) else {
            return Ok(self.unknown_call("templatefile", arguments));
        };
        let Some((id, file)) = self.open(&path) else {
            return Ok(self.no_file("templatefile", &path, arguments, at));
        };
        let end = u32::try_from(file.text().len()).unwrap_or(u32::MAX);
        let whole = Span::new(id, 0, end);
        self.render(file.text(), whole, names, arguments, at)
    }

    fn template_string(&self, arguments: &[Value], at: Span) -> Outcome {
        let [text, names] = arguments else {
            return Err(Failure::invalid(
                at,
                "templatestring: a text and values are needed",
            ));
        };
        match to_text(text) {
            Some(text) => self.render(&text, at, names, arguments, at),
            None => Ok(self.unknown_call("templatestring", arguments)),
        }
    }

    fn render(
        &self,
        text: &str,
        whole: Span,
        names: &Value,
        arguments: &[Value],
        at: Span,
    ) -> Outcome {
        if text.len() > MAX_TEMPLATE {
            return Ok(self.unknown_call("templatefile", arguments));
        }
        let steps = u64::try_from(text.len() / 8).unwrap_or(u64::MAX);
        self.session.charge(steps, at)?;
        let parts = hcl::parse_template(whole, text)
            .map_err(|diagnostic| Failure::invalid(at, diagnostic.message))?;
        let scope = TemplateNames { names };
        let value = evaluate_template(&parts, whole, &scope, &self.session)?;
        let step = || OriginStep::Function("templatefile".into());
        let origin = self.session.hop(Some(at), step, &[value.origin]);
        Ok(value.with_origin(origin))
    }

    /// An absolute path: where the root lies on a machine is unknown, what follows is known.
    fn absolute(&self, arguments: &[Value], at: Span) -> Outcome {
        let Some(value) = arguments.first() else {
            return Err(Failure::invalid(at, "abspath: a path is needed"));
        };
        let Some(path) = to_text(value).filter(|path| !path.starts_with('/')) else {
            return Ok(value.clone());
        };
        let mut root = Unknown::new(
            "",
            "the directory this runs in",
            Reason::RunTimeFunction("abspath".into()),
        );
        root.declared = Some(at);
        let root = Piece::Hole(Arc::new(root));
        let below = self.path(&path).unwrap_or_default();
        let origin = self.session.literal(at);
        if below.is_empty() {
            return Ok(Value::from_pieces(vec![root], origin));
        }
        let pieces = vec![root, Piece::Literal(format!("/{below}").into())];
        Ok(Value::from_pieces(pieces, origin))
    }

    /// `basename` and `dirname` of a path whose end is known.
    fn path_of_template(&self, name: &str, arguments: &[Value], _at: Span) -> Option<Outcome> {
        let value = arguments.first()?;
        let Data::Template(pieces) = &value.data else {
            return None;
        };
        let (Piece::Literal(last), before) = pieces.split_last()? else {
            return None;
        };
        let (directory, base) = last.rsplit_once('/').filter(|(_, base)| !base.is_empty())?;
        Some(Ok(if name == "basename" {
            Value::string(text::basename(base), value.origin)
        } else {
            let mut pieces = before.to_vec();
            pieces.push(Piece::Literal(directory.into()));
            Value::from_pieces(pieces, value.origin)
        }))
    }
}

/// The values given to a template: its only names.
struct TemplateNames<'v> {
    names: &'v Value,
}

impl Scope for TemplateNames<'_> {
    fn traverse(
        &self,
        root: &str,
        _path: &[Step],
        at: Span,
        _session: &Session<'_>,
    ) -> Result<Lookup, Box<Failure>> {
        let value = step_into(self.names, &Step::Attribute(root.into()), at)
            .map_err(|_| Failure::invalid(at, format!("the template is given no `{root}`")))?;
        Ok(Lookup { value, consumed: 0 })
    }
}
