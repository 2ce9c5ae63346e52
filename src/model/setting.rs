//! Settings: texts that a machine or a hosted application is given to run with.
//!
//! Environment variables and app settings have a name each; scripts (extensions, cloud-init, run
//! commands) are texts as a whole. What is encoded for transport is decoded here. What is absent:
//! what a setting means; [`super::mail`] reads mail servers out of it.

mod collect;

use std::sync::Arc;

use super::{AppId, Field, Link, List, MachineId, Meta, SubnetId};
use crate::eval::value::{Piece, Unknown};
use crate::origin::OriginId;
pub(super) use collect::{Collector, text};

/// A text that may be known in part.
#[derive(Clone, Debug)]
pub struct Text {
    /// Its pieces in order; none: nothing is written.
    pub pieces: Vec<Piece>,
    /// Where it came from.
    pub origin: OriginId,
}

/// What stands for an unknown piece in [`Text::readable`]: a letter of no word.
pub const HOLE: char = '\u{fffc}';

impl Text {
    /// The text, if all of it is known.
    #[must_use]
    pub fn known(&self) -> Option<Arc<str>> {
        match &self.pieces[..] {
            [] => Some("".into()),
            [Piece::Literal(text)] => Some(Arc::clone(text)),
            _ => None,
        }
    }

    /// The text with [`HOLE`] for each unknown piece.
    #[must_use]
    pub fn readable(&self) -> String {
        let pieces = self.pieces.iter().map(|piece| match piece {
            Piece::Literal(text) => text.to_string(),
            Piece::Hole(_) => HOLE.to_string(),
        });
        pieces.collect()
    }

    /// The first unknown piece.
    #[must_use]
    pub fn unknown(&self) -> Option<&Arc<Unknown>> {
        self.pieces.iter().find_map(|piece| match piece {
            Piece::Hole(unknown) => Some(unknown),
            Piece::Literal(_) => None,
        })
    }
}

/// Whose setting it is.
#[derive(Clone, Debug)]
pub enum SettingOwner {
    /// A virtual machine or scale set.
    Machine(Field<Link<MachineId>>),
    /// An application that Azure hosts.
    App(Field<Link<AppId>>),
}

/// How a setting is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SettingKind {
    /// A name with a value.
    Variable,
    /// A script or a command, whose name only says what it is for.
    Script,
}

/// A text that something runs with.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Name, place, existence. The name is that of the variable, or what the script is.
    pub meta: Meta,
    /// Whose it is.
    pub owner: SettingOwner,
    /// How it is to be read.
    pub kind: SettingKind,
    /// What it is, decoded.
    pub text: Text,
    /// Those that one process sees together have the same group.
    pub group: Arc<str>,
}

/// What hosts an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AppKind {
    /// App Service and Functions, and logic apps that run there.
    AppService,
    /// Container Apps, also jobs.
    ContainerApp,
    /// Container instances.
    ContainerGroup,
    /// A deployment script.
    DeploymentScript,
}

impl AppKind {
    /// Its name in predicates.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::AppService => "app-service",
            Self::ContainerApp => "container-app",
            Self::ContainerGroup => "container-group",
            Self::DeploymentScript => "deployment-script",
        }
    }
}

/// An application that Azure hosts: what it is and where its traffic leaves.
#[derive(Clone, Debug)]
pub struct App {
    /// Name, place, existence.
    pub meta: Meta,
    /// What hosts it.
    pub kind: AppKind,
    /// The subnets it is integrated with; none: it leaves by addresses of the platform.
    pub subnets: List<Field<Link<SubnetId>>>,
}
