//! A state from a file: what [`Kernel::export_begin`] gives, verified object by object, committed as a whole.

use crate::arch::{Arch, Blobs};
use crate::genesis::check_params;
use crate::kernel::{Committed, Kernel};
use alloc::string::ToString;
use alloc::vec::Vec;
use nub_abi::error::StateImportError;
use nub_abi::guest::MESSAGE_BYTES_MAX;
use nub_abi::{Hash, PROTOCOL_VERSION};
use nub_state::export::EXPORT_HEADER_BYTES;
use nub_state::{Handle, Import, ImportError, System};

/// Octets of objects that the store is given at once.
const STAGED_BYTES: usize = 4 << 20;
/// Octets of an object's length.
const LENGTH_BYTES: usize = 4;

/// An import under way.
pub(crate) struct StateImport {
    /// The root that is to come.
    root: Hash,
    /// What was checked; `None` before the header.
    checked: Option<Import>,
    /// Octets of an object, or of the header, that is not all here.
    rest: Vec<u8>,
    /// Objects that the store has not taken, and their octets.
    objects: Vec<(Hash, Vec<u8>)>,
    object_bytes: usize,
}

impl<A: Arch> Kernel<A> {
    /// Begins to import the state of a root; one that was under way is given up, and what the store has of it.
    ///
    /// # Errors
    /// [`StateImportError::AlreadyInitialised`].
    pub fn import_begin(&mut self, root: Hash) -> Result<(), StateImportError> {
        if let Some(committed) = self.committed {
            return Err(StateImportError::AlreadyInitialised(committed.root));
        }
        if self.import.take().is_some() {
            self.runtime.arch.blobs().give_up_staged();
        }
        let (rest, objects) = (Vec::new(), Vec::new());
        self.import = Some(StateImport { root, checked: None, rest, objects, object_bytes: 0 });
        Ok(())
    }

    /// Takes the next octets of the file; none at its end: then the state is committed and its root given.
    ///
    /// # Errors
    /// [`StateImportError`]; the import is over then, and the kernel has no state.
    pub fn import_next(&mut self, octets: &[u8]) -> Result<Option<Hash>, StateImportError> {
        let import = self.import.take().ok_or(StateImportError::NotBegun)?;
        let result = self.go_on(import, octets);
        if result.is_err() {
            self.runtime.arch.blobs().give_up_staged();
        }
        result
    }

    fn go_on(&mut self, mut import: StateImport, octets: &[u8]) -> Result<Option<Hash>, StateImportError> {
        if octets.is_empty() {
            return self.commit_import(import).map(Some);
        }
        self.runtime.make_room(2 * octets.len() as u64)?;
        import.take(octets)?;
        import.stage(self.runtime.arch.blobs())?;
        self.import = Some(import);
        Ok(None)
    }

    fn commit_import(&mut self, import: StateImport) -> Result<Hash, StateImportError> {
        let checked = import.checked.filter(|checked| checked.is_complete() && import.rest.is_empty());
        let root = checked.ok_or(StateImportError::Truncated)?.finish().map_err(malformed)?;
        let system = imported_system(&root, &import.objects)?;
        let blobs = self.runtime.arch.blobs();
        if let Some(store) = blobs.chain_id().filter(|store| *store != system.chain_id) {
            return Err(StateImportError::AnotherChain { store, state: system.chain_id });
        }
        blobs.commit(root, system.height, &import.objects)?;
        self.committed = Some(Committed { root, height: system.height });
        Ok(root)
    }
}

impl StateImport {
    /// Gives the store what there is, if that is much and the store writes it before the commit. The root, which is
    /// the last, stays for that.
    fn stage(&mut self, blobs: &mut impl Blobs) -> Result<(), StateImportError> {
        let is_complete = self.checked.as_ref().is_some_and(Import::is_complete);
        if self.object_bytes >= STAGED_BYTES && !is_complete && blobs.stage(&self.objects)? {
            self.objects.clear();
            self.object_bytes = 0;
        }
        Ok(())
    }

    /// Checks the objects that are all here.
    fn take(&mut self, octets: &[u8]) -> Result<(), StateImportError> {
        self.rest.extend_from_slice(octets);
        let mut rest = self.rest.as_slice();
        if self.checked.is_none() {
            let Some((header, after)) = rest.split_first_chunk::<EXPORT_HEADER_BYTES>() else {
                return Ok(());
            };
            let import = Import::new(header).map_err(malformed)?;
            if import.root() != self.root {
                return Err(StateImportError::AnotherRoot { expected: self.root, got: import.root() });
            }
            (self.checked, rest) = (Some(import), after);
        }
        if let Some(import) = &mut self.checked {
            while !import.is_complete()
                && let Some((object, after)) = first_object(rest)?
            {
                let hash = import.object(object).map_err(malformed)?;
                self.objects.push((hash, object.to_vec()));
                self.object_bytes += object.len();
                rest = after;
            }
        }
        if !rest.is_empty() && self.checked.as_ref().is_some_and(Import::is_complete) {
            return Err(malformed(ImportError::AfterRoot(self.root)));
        }
        self.rest = rest.to_vec();
        Ok(())
    }
}

/// An object's octets, and what follows it.
type Split<'a> = (&'a [u8], &'a [u8]);

/// The first object of these octets; `None` if it is not all here.
fn first_object(octets: &[u8]) -> Result<Option<Split<'_>>, StateImportError> {
    let Some((length, rest)) = octets.split_first_chunk::<LENGTH_BYTES>() else { return Ok(None) };
    let length = u32::from_le_bytes(*length) as usize;
    if length > MESSAGE_BYTES_MAX {
        return Err(StateImportError::TooLong(length as u64));
    }
    Ok(rest.split_at_checked(length))
}

/// The System of a state that was imported, if this kernel can run it.
fn imported_system(root: &Hash, objects: &[(Hash, Vec<u8>)]) -> Result<System, StateImportError> {
    let not_a_system =
        |reason: &str| StateImportError::NotASystem { root: *root, reason: reason.to_string() };
    let last = objects.last().filter(|(hash, _)| hash == root);
    let (_, bytes) = last.ok_or_else(|| not_a_system("it is not the last object"))?;
    let handle = Handle::load(root, bytes).map_err(|error| not_a_system(&error.to_string()))?;
    let system = handle.as_system().map_err(|error| not_a_system(&error.to_string()))?;
    if system.protocol_version != PROTOCOL_VERSION {
        return Err(not_a_system("its protocol version is not supported; update the node"));
    }
    check_params(&system.params).map_err(|error| not_a_system(&error.to_string()))?;
    Ok(system.clone())
}

fn malformed(error: ImportError) -> StateImportError {
    StateImportError::Malformed(error.to_string())
}
