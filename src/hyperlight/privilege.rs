//! In which rings the guest's parts run.

use super::has_hardware_virtualisation;
use crate::UnknownChoice;
use crate::environment::choice;
use nub_abi::guest::PrivilegeMap;

/// In which rings kernel and programs run. Results are the same in all; SECURITY.md says what each isolates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Privilege {
    /// [`Kernel0Programs0`](Self::Kernel0Programs0) where the processor virtualises in hardware, else
    /// [`Kernel3Programs3`](Self::Kernel3Programs3). The environment variable `NUB_PRIVILEGE` decides if it is set, to
    /// `kernel0-programs0`, `kernel0-programs3` or `kernel3-programs3`, so that tests can be run in each.
    #[default]
    Auto,
    /// Both in ring 0: for hardware virtualisation.
    Kernel0Programs0,
    /// The kernel in ring 0 and machine code of programs in ring 3: a bug in what made the code cannot reach the
    /// state. Asked for by who wants it; entering a program costs more.
    Kernel0Programs3,
    /// Both in ring 3: for KVM without hardware virtualisation, where ring 0 is emulated and slow.
    Kernel3Programs3,
}

/// Maps by their names in the environment.
const MAPS: [(&str, PrivilegeMap); 3] = [
    ("kernel0-programs0", PrivilegeMap::Kernel0Programs0),
    ("kernel0-programs3", PrivilegeMap::Kernel0Programs3),
    ("kernel3-programs3", PrivilegeMap::Kernel3Programs3),
];

impl Privilege {
    /// What it comes to on this machine.
    ///
    /// # Errors
    /// `NUB_PRIVILEGE` names no map.
    pub fn resolve(self) -> Result<PrivilegeMap, UnknownChoice> {
        Ok(match self {
            Self::Auto => match choice("NUB_PRIVILEGE", &MAPS)? {
                Some(map) => map,
                None if has_hardware_virtualisation() => PrivilegeMap::Kernel0Programs0,
                None => PrivilegeMap::Kernel3Programs3,
            },
            Self::Kernel0Programs0 => PrivilegeMap::Kernel0Programs0,
            Self::Kernel0Programs3 => PrivilegeMap::Kernel0Programs3,
            Self::Kernel3Programs3 => PrivilegeMap::Kernel3Programs3,
        })
    }
}
