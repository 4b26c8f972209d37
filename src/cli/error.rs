//! Why a command ends with an exit code of its own. One sentence each.

use super::Exit;

/// The command line asks for something that does not exist: [`Exit::Usage`].
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(pub String);

/// A setting is wrong, or no pack is chosen: [`Exit::Config`].
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub String);

/// A document or a pack cannot be used as it is: [`Exit::Unusable`].
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct UnusableError(pub String);

/// A file that was named is not there or cannot be read: [`Exit::NoFile`].
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct NoFileError(pub String);

/// `--read-only` does not allow it: [`Exit::ReadOnly`].
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct ReadOnlyError(pub String);

/// The exit code of an error: that of its type, wherever in the chain it stands.
pub(super) fn exit_of(error: &anyhow::Error) -> Exit {
    match () {
        () if error.is::<UsageError>() => Exit::Usage,
        () if error.is::<ConfigError>() => Exit::Config,
        () if error.is::<UnusableError>() => Exit::Unusable,
        () if error.is::<NoFileError>() => Exit::NoFile,
        () if error.is::<ReadOnlyError>() => Exit::ReadOnly,
        () => Exit::Warn,
    }
}
