//! A contract as a test has it: its Image, and its types if they are known.

use std::path::Path;

use nub_state::type_def::EndpointType;
use nub_state::{Image, TypeDef};

/// An Image and what is known of it.
#[derive(Clone, Debug)]
pub struct Contract {
    /// What it is called in traces.
    pub name: String,
    /// The encoded Image.
    pub image: Vec<u8>,
    /// Names and types of endpoints and events.
    pub types: Option<TypeDef>,
}

impl Contract {
    /// The contract in a folder: `<folder>/<name>.image`, `<name>` that of the folder, and `<name>.types` beside it. Or
    /// the path of the Image itself.
    ///
    /// # Panics
    /// If there is none; says how it is built.
    pub fn load(path: impl AsRef<Path>) -> Contract {
        let path = path.as_ref();
        let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let file = if path.is_dir() { path.join(&name).with_extension("image") } else { path };
        let image = std::fs::read(&file)
            .unwrap_or_else(|error| panic!("{}: {error}; build it with `nub-link build`", file.display()));
        let types = std::fs::read(file.with_extension("types")).ok();
        Contract::new(&name, image, types.as_deref())
    }

    /// A contract of octets.
    ///
    /// # Panics
    /// If `types` is no TypeDef.
    pub fn new(name: &str, image: Vec<u8>, types: Option<&[u8]>) -> Contract {
        let decode = |octets| {
            nub_types::file::from_bytes(octets).unwrap_or_else(|error| panic!("the types of {name}: {error}"))
        };
        Contract { name: name.to_owned(), image, types: types.map(decode) }
    }

    /// What its TypeDef says of the endpoint of a name or number.
    pub fn endpoint(&self, name: &str) -> Option<&EndpointType> {
        let mut endpoints = self.types.iter().flat_map(|types| &types.endpoints);
        endpoints.find(|endpoint| endpoint.name == name || endpoint.number.to_string() == name)
    }

    /// The number of an endpoint.
    ///
    /// # Panics
    /// If there is none of that name.
    #[track_caller]
    pub(crate) fn number(&self, name: &str) -> u16 {
        let known = self.endpoint(name).map(|endpoint| endpoint.number);
        known.or_else(|| name.parse().ok()).unwrap_or_else(|| {
            let names = self.types.iter().flat_map(|types| &types.endpoints).map(|one| one.name.as_str());
            panic!(
                "{} has no endpoint `{name}`; there are: {}",
                self.name,
                names.collect::<Vec<_>>().join(", ")
            )
        })
    }

    /// The decoded Image, if it is one.
    pub(crate) fn decoded(&self) -> Option<Image> {
        Image::from_bytes(&self.image).ok()
    }
}
