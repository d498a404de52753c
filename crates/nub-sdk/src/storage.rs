//! The contract's own values, by key: keys of 2 to 32 octets, values of at most 4096.

use crate::{Output, code, host};

/// Why storage refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StorageError {
    /// The key has fewer than 2 or more than 32 octets.
    BadKey,
    /// The value has more than 4096 octets.
    TooLong,
    /// A code this SDK does not know.
    Unexpected,
}

impl StorageError {
    /// A message to revert with.
    pub const fn message(self) -> &'static str {
        match self {
            Self::BadKey => "storage: keys have 2 to 32 octets",
            Self::TooLong => "storage: values have at most 4096 octets",
            Self::Unexpected => "storage: unexpected answer",
        }
    }

    fn from_code(answer: u64) -> Self {
        match answer {
            code::BAD_KEY => Self::BadKey,
            code::TOO_LONG => Self::TooLong,
            _ => Self::Unexpected,
        }
    }
}

impl Output for StorageError {
    fn bytes(&self) -> &[u8] {
        self.message().as_bytes()
    }
}

/// Copies the value under `key` into `out`, as much as fits, and gives its whole length in octets; `None`
/// if there is none.
///
/// # Errors
/// [`StorageError::BadKey`].
#[inline]
pub fn get(key: &[u8], out: &mut [u8]) -> Result<Option<usize>, StorageError> {
    match host::storage_get(key, out) {
        code::NONE => Ok(None),
        answer if answer > u64::from(u32::MAX) => Err(StorageError::from_code(answer)),
        len_bytes => Ok(Some(len_bytes as usize)),
    }
}

/// The value under `key` if it has exactly `N` octets.
///
/// # Errors
/// [`StorageError::BadKey`]; [`StorageError::Unexpected`] for a value of another length.
#[inline]
pub fn get_array<const N: usize>(key: &[u8]) -> Result<Option<[u8; N]>, StorageError> {
    let mut value = [0; N];
    match get(key, &mut value)? {
        None => Ok(None),
        Some(len_bytes) if len_bytes == N => Ok(Some(value)),
        Some(_) => Err(StorageError::Unexpected),
    }
}

/// Puts `value` under `key`, replacing what was there.
///
/// # Errors
/// [`StorageError::BadKey`], [`StorageError::TooLong`].
#[inline]
pub fn put(key: &[u8], value: &[u8]) -> Result<(), StorageError> {
    match host::storage_put(key, value) {
        0 => Ok(()),
        answer => Err(StorageError::from_code(answer)),
    }
}

/// Removes what is under `key`; was there anything?
///
/// # Errors
/// [`StorageError::BadKey`].
#[inline]
pub fn remove(key: &[u8]) -> Result<bool, StorageError> {
    match host::storage_remove(key) {
        answer @ (0 | 1) => Ok(answer == 1),
        answer => Err(StorageError::from_code(answer)),
    }
}

/// Copies the first key after `key`, in the order of octets, into `out` and gives its length in octets; `None`
/// after the last. An empty `key` is before all.
///
/// # Errors
/// [`StorageError::BadKey`].
#[inline]
pub fn next(key: &[u8], out: &mut [u8; 32]) -> Result<Option<usize>, StorageError> {
    match host::storage_next(key, out) {
        code::NONE => Ok(None),
        answer if answer > u64::from(u32::MAX) => Err(StorageError::from_code(answer)),
        len_bytes => Ok(Some(len_bytes as usize)),
    }
}
