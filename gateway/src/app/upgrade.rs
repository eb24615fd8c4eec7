//! Where a process that ends hands its listening sockets to the one that takes over.

use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};

/// The socket for processes that run with this configuration.
///
/// In `RUNTIME_DIRECTORY`, which service managers set, or beside the configuration's own name in a folder of the
/// temporary directory that only this user may enter: whoever could connect there would be given our doors.
pub(super) fn socket(config: &Path) -> PathBuf {
    let whole = std::path::absolute(config).unwrap_or_else(|_| config.to_owned());
    let name = digest(&SHA256, whole.as_os_str().as_encoded_bytes());
    let name: String = name
        .as_ref()
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    folder().join(format!("upgrade-{name}.sock"))
}

fn folder() -> PathBuf {
    if let Some(folder) = std::env::var_os("RUNTIME_DIRECTORY") {
        return folder.into();
    }
    let user = rustix::process::geteuid().as_raw();
    let folder = std::env::temp_dir().join(format!("crossgate-{user}"));
    if let Err(error) = private(&folder) {
        tracing::warn!(%error, "`{}` cannot be used; SIGQUIT cannot hand over the sockets", folder.display());
        return PathBuf::from("/nonexistent");
    }
    folder
}

/// Makes the folder, or sees that the one there is ours alone.
fn private(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
    match std::fs::DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
        other => return other,
    }
    let found = std::fs::symlink_metadata(folder)?;
    let ours = found.is_dir()
        && found.uid() == rustix::process::geteuid().as_raw()
        && found.mode().trailing_zeros() >= 6;
    if ours {
        Ok(())
    } else {
        Err(std::io::Error::other(
            "it belongs to somebody else, or others may enter it",
        ))
    }
}

/// Whether a process listens at the socket. Asked of the system, for a connection would be taken for the handover.
pub(super) fn somebody_waits(socket: &Path) -> bool {
    let Some(socket) = socket.to_str() else {
        return false;
    };
    let table = std::fs::read_to_string("/proc/net/unix").unwrap_or_default();
    // Num: RefCount Protocol Flags Type St Inode Path; flag 0x10000 is that of listening sockets.
    table.lines().any(|line| {
        let mut fields = line.split_ascii_whitespace();
        let listening = fields
            .nth(3)
            .and_then(|flags| u32::from_str_radix(flags, 16).ok())
            .is_some_and(|flags| flags & 0x1_0000 != 0);
        listening && fields.nth(3) == Some(socket)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listening_socket_is_found_and_a_left_one_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("upgrade.sock");
        assert!(!somebody_waits(&path));
        let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
        assert!(somebody_waits(&path));
        drop(listener);
        assert!(path.exists());
        assert!(!somebody_waits(&path));
    }

    #[test]
    fn a_folder_that_others_may_enter_is_not_used() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x");
        private(&path).unwrap();
        private(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert!(private(&path).is_err());
    }

    #[test]
    fn each_configuration_has_a_socket_of_its_own() {
        assert_eq!(socket(Path::new("/a")), socket(Path::new("/a")));
        assert_ne!(socket(Path::new("/a")), socket(Path::new("/b")));
    }
}
