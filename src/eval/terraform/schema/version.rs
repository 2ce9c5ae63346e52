//! Versions of a provider, and what a constraint leaves of them.
//!
//! Source: Terraform's documentation of version constraints
//! (website/docs/language/expressions/version-constraints.mdx, read 2026-11-22). What is absent:
//! pre-releases, which no constraint without one selects, and holes that `!=` cuts into a range.

/// A version: major, minor, patch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub(crate) u32, pub(crate) u32, pub(crate) u32);

impl Version {
    /// Reads `4`, `4.1` or `4.1.0`, also with a `v` in front, and how many parts are written.
    fn read(text: &str) -> Option<(Self, usize)> {
        let text = text.trim();
        let text = text.strip_prefix('v').unwrap_or(text);
        let release = text.split(['-', '+']).next().unwrap_or(text);
        let mut parts = [0; 3];
        let mut written = 0;
        for part in release.split('.') {
            *parts.get_mut(written)? = part.parse().ok()?;
            written += 1;
        }
        let [major, minor, patch] = parts;
        Some((Self(major, minor, patch), written))
    }
}

impl std::str::FromStr for Version {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::read(text).map(|(version, _)| version).ok_or(())
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

/// Versions that follow each other: from one on, up to but without another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Versions {
    /// The first.
    pub from: Version,
    /// The first one that is no longer meant; `None` if there is no end.
    pub below: Option<Version>,
}

impl Default for Versions {
    fn default() -> Self {
        Self::ALL
    }
}

impl Versions {
    /// Every version there is or will be.
    pub const ALL: Self = Self {
        from: Version(0, 0, 0),
        below: None,
    };

    /// The versions that all of some constraints leave: `["~> 3.0", ">= 3.21, < 4.0"]`. What
    /// cannot be read leaves everything; constraints that exclude each other leave nothing to go
    /// by, which is everything too: `terraform init` tells of them.
    pub fn within<'c>(constraints: impl IntoIterator<Item = &'c str>) -> Self {
        let mut left = Self::ALL;
        for part in constraints.into_iter().flat_map(|text| text.split(',')) {
            left = left.and(Self::of_one(part).unwrap_or(Self::ALL));
        }
        match left.below {
            Some(below) if below <= left.from => Self::ALL,
            _ => left,
        }
    }

    /// What one constraint leaves: an operator and a version.
    fn of_one(text: &str) -> Option<Self> {
        let text = text.trim();
        let at = text.find(|c: char| !matches!(c, '=' | '!' | '<' | '>' | '~'))?;
        let (operator, version) = text.split_at_checked(at)?;
        let (version, written) = Version::read(version)?;
        let next = Version(version.0, version.1, version.2 + 1);
        let (from, below) = match operator {
            "" | "=" => (version, Some(next)),
            ">=" => (version, None),
            ">" => (next, None),
            "<" => (Version::default(), Some(version)),
            "<=" => (Version::default(), Some(next)),
            // The last part that is written may grow.
            "~>" if written >= 3 => (version, Some(Version(version.0, version.1 + 1, 0))),
            "~>" if written == 2 => (version, Some(Version(version.0 + 1, 0, 0))),
            "~>" => (version, None),
            _ => return None,
        };
        Some(Self { from, below })
    }

    fn and(self, other: Self) -> Self {
        Self {
            from: self.from.max(other.from),
            below: match (self.below, other.below) {
                (Some(one), Some(two)) => Some(one.min(two)),
                (one, two) => one.or(two),
            },
        }
    }

    /// Whether any version is in both.
    pub fn meet(&self, other: &Self) -> bool {
        let both = self.and(*other);
        both.below.is_none_or(|below| both.from < below)
    }
}

impl std::fmt::Display for Versions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let first = self.from == Version::default();
        match self.below {
            _ if self.below.is_none() && first => write!(f, "every version"),
            Some(below) if below == Version(self.from.0, self.from.1, self.from.2 + 1) => {
                write!(f, "version {}", self.from)
            }
            Some(below) if first => write!(f, "versions before {below}"),
            Some(below) => write!(f, "versions from {} up to but without {below}", self.from),
            None => write!(f, "versions from {} on", self.from),
        }
    }
}
