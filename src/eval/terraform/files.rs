//! Functions that read files: only below the root of the run, relative to the root module.
//!
//! Terraform does not ask `.gitignore`, nor do they. What lies below the root is seen, so that there
//! is no such file is certain; what lies elsewhere is unknown.

mod set;
mod template;

use std::rc::Rc;
use std::sync::Arc;

use super::directories::split;
use super::evaluation::Evaluation;
use super::module::Module;
use crate::eval::functions::glob::clean;
use crate::eval::functions::{digest, encoding, text};
use crate::eval::hcl_expr::{Failure, Outcome, derived_unknown, labels::call, to_text};
use crate::eval::listing::{Listing, Place};
use crate::eval::value::{Data, Piece, Reason, Unknown, Value};
use crate::origin::{OriginId, OriginStep};
use crate::source::{FileId, SourceFile, Span};

/// A path as a function is given it.
enum Path {
    Known(String),
    Unknown,
}

/// What reading a text gives.
enum Read {
    Text(FileId, Arc<SourceFile>),
    Unknown(Value),
}

/// The directory that Terraform runs in, on whatever machine that is.
fn here() -> Unknown {
    let reason = Reason::RunTimeFunction("abspath".into());
    Unknown::new("", "the directory this runs in", reason)
}

impl<'a> Evaluation<'a> {
    /// Calls a function that reads files or needs to know where they are.
    pub(super) fn file_function(
        &self,
        module: &Rc<Module<'a>>,
        name: &str,
        arguments: &[Value],
        at: Span,
    ) -> Option<Outcome> {
        let function: fn(&[u8]) -> String = match name.strip_prefix("core::").unwrap_or(name) {
            "file" => return Some(self.file(arguments, at)),
            "filebase64" => encoding::base64_encode,
            "filemd5" => |bytes| encoding::hex(&digest::md5(bytes)),
            "filesha1" => |bytes| encoding::hex(&digest::sha1(bytes)),
            "filesha256" => |bytes| encoding::hex(&digest::sha256(bytes)),
            "filesha512" => |bytes| encoding::hex(&digest::sha512(bytes)),
            "filebase64sha256" => |bytes| encoding::base64_encode(&digest::sha256(bytes)),
            "filebase64sha512" => |bytes| encoding::base64_encode(&digest::sha512(bytes)),
            "fileexists" => return Some(self.exists(arguments, at)),
            "fileset" => return Some(self.file_set(arguments, at)),
            "templatefile" => return Some(self.template_file(module, arguments, at)),
            "templatestring" => return Some(self.template_string(module, arguments, at)),
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
        let path = match self.path_given(value) {
            Path::Known(path) => path,
            Path::Unknown => return Some(Ok(self.unknown_call(name, arguments))),
        };
        let full = self.path(&clean(&path));
        Some(match full.and_then(|full| self.loader.bytes(&full)) {
            Some((id, bytes)) => {
                self.read.borrow_mut().insert(id);
                let start = self.session.literal(Span::new(id, 0, 0));
                let step = || OriginStep::Function(name.into());
                let origin = self.session.hop(Some(at), step, &[start, value.origin]);
                Ok(Value::string(function(&bytes), origin))
            }
            None => self.not_read(name, &path, arguments, at),
        })
    }

    fn file(&self, arguments: &[Value], at: Span) -> Outcome {
        let Some(value) = arguments.first() else {
            return Err(Failure::invalid(at, "file: a path is needed"));
        };
        match self.read("file", value, arguments, at)? {
            Read::Text(id, file) => {
                let origin = self.of_file("file", id, &file, value.origin);
                Ok(Value::string(file.text().to_string(), origin))
            }
            Read::Unknown(value) => Ok(value),
        }
    }

    /// The text at a path.
    fn read(
        &self,
        name: &str,
        path: &Value,
        arguments: &[Value],
        at: Span,
    ) -> Result<Read, Box<Failure>> {
        let path = match self.path_given(path) {
            Path::Known(path) => path,
            Path::Unknown => return Ok(Read::Unknown(self.unknown_call(name, arguments))),
        };
        let full = self.path(&clean(&path));
        let text = full.as_ref().and_then(|full| self.loader.text(full));
        if let Some((id, file)) = text {
            self.read.borrow_mut().insert(id);
            return Ok(Read::Text(id, file));
        }
        let bytes = full.and_then(|full| self.loader.bytes(&full));
        if bytes.is_some_and(|(_, bytes)| std::str::from_utf8(&bytes).is_err()) {
            let message = format!("{name}: `{path}` is not UTF-8");
            return Err(Failure::invalid(at, message));
        }
        self.not_read(name, &path, arguments, at).map(Read::Unknown)
    }

    /// Why there is nothing to read at a path: what can be seen there is no file, or it cannot be
    /// seen.
    fn not_read(&self, name: &str, path: &str, arguments: &[Value], at: Span) -> Outcome {
        let message = match self.place_of(path) {
            Place::Nothing => format!("{name}: there is no file `{path}`"),
            Place::Directory => format!("{name}: `{path}` is a directory"),
            Place::File | Place::Other | Place::Unseen => {
                return Ok(self.no_file(name, path, arguments, at));
            }
        };
        let mut failure = Failure::invalid(at, message);
        failure.file = Some(path.into());
        Err(failure)
    }

    fn of_file(&self, name: &str, id: FileId, file: &SourceFile, path: OriginId) -> OriginId {
        let end = u32::try_from(file.text().len()).unwrap_or(u32::MAX);
        let text = self.session.literal(Span::new(id, 0, end));
        let step = || OriginStep::Function(name.into());
        self.session.hop(None, step, &[text, path])
    }

    fn exists(&self, arguments: &[Value], at: Span) -> Outcome {
        let Some(value) = arguments.first() else {
            return Err(Failure::invalid(at, "fileexists: a path is needed"));
        };
        let Path::Known(path) = self.path_given(value) else {
            return Ok(self.unknown_call("fileexists", arguments));
        };
        let answer = |found| Ok(Value::bool(found, self.session.literal(at)));
        match self.place_of(&path) {
            Place::File => answer(true),
            Place::Nothing if self.place_of(split(&clean(&path)).0) == Place::File => {
                let message = format!("fileexists: a part of `{path}` is a file");
                Err(Failure::invalid(at, message))
            }
            Place::Nothing => answer(false),
            Place::Directory | Place::Other => {
                let message = format!("fileexists: `{path}` is a directory, not a file");
                Err(Failure::invalid(at, message))
            }
            Place::Unseen => Ok(self.no_file("fileexists", &path, arguments, at)),
        }
    }

    /// What lies at a path that begins where Terraform runs.
    fn place_of(&self, path: &str) -> Place {
        let Some(full) = self.path(&clean(path)) else {
            return Place::Unseen;
        };
        if full.is_empty() {
            return Place::Directory;
        }
        let (directory, name) = split(&full);
        match self.loader.listing(directory) {
            Listing::Seen(listed) => {
                let found = listed.binary_search_by(|one| (*one.name).cmp(name));
                let found = found.ok().and_then(|at| listed.get(at));
                found.map_or(Place::Nothing, |one| one.place)
            }
            Listing::Absent => Place::Nothing,
            Listing::Unseen => Place::Unseen,
        }
    }

    fn listing(&self, directory: &str) -> Listing {
        let full = self.path(directory);
        full.map_or(Listing::Unseen, |full| self.loader.listing(&full))
    }

    /// A path as a function is given it. Where this runs is where the root module lies.
    fn path_given(&self, value: &Value) -> Path {
        if let Some(text) = to_text(value) {
            return Path::Known(text.to_string());
        }
        let here = here().id;
        match &value.data {
            Data::Unknown(unknown) if unknown.id == here => Path::Known(".".to_owned()),
            Data::Template(pieces) => match &**pieces {
                [Piece::Hole(unknown), Piece::Literal(rest)]
                    if unknown.id == here && rest.starts_with('/') =>
                {
                    Path::Known(format!(".{rest}"))
                }
                _ => Path::Unknown,
            },
            _ => Path::Unknown,
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

    /// An absolute path: where the root lies on a machine is unknown, what follows is known.
    fn absolute(&self, arguments: &[Value], at: Span) -> Outcome {
        let Some(value) = arguments.first() else {
            return Err(Failure::invalid(at, "abspath: a path is needed"));
        };
        let Path::Known(path) = self.path_given(value) else {
            return Ok(value.clone());
        };
        let path = clean(&path);
        let origin = self.session.literal(at);
        if path.starts_with('/') {
            return Ok(Value::string(path, origin));
        }
        if path.split('/').next() == Some("..") {
            return Ok(self.unknown_call("abspath", arguments));
        }
        let root = Piece::Hole(Arc::new(here().declared_at(at)));
        let below = match &*path {
            "." => String::new(),
            path => format!("/{path}"),
        };
        let pieces = vec![root, Piece::Literal(below.into())];
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
