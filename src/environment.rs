//! Choices that environment variables make. A misspelt one is an error: who sets `NUB_ENGINE=interpretr` should not
//! measure the recompiler.

use std::env::{self, VarError};

/// An environment variable has a value that means nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the environment variable {variable} is {value:?}; set it to one of {expected}, or unset it")]
pub struct UnknownChoice {
    /// The variable.
    pub variable: &'static str,
    /// Its value.
    pub value: String,
    /// The values that mean something, with commas.
    pub expected: String,
}

/// The choice that the environment makes, if the variable is set and not empty.
pub(crate) fn choice<T: Copy>(
    variable: &'static str,
    choices: &[(&str, T)],
) -> Result<Option<T>, UnknownChoice> {
    match env::var(variable) {
        Ok(value) => find(variable, &value, choices),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(value)) => find(variable, &value.to_string_lossy(), choices),
    }
}

fn find<T: Copy>(
    variable: &'static str,
    value: &str,
    choices: &[(&str, T)],
) -> Result<Option<T>, UnknownChoice> {
    match choices.iter().find(|(name, _)| *name == value) {
        Some((_, choice)) => Ok(Some(*choice)),
        None if value.is_empty() => Ok(None),
        None => {
            let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
            Err(UnknownChoice { variable, value: value.into(), expected: names.join(", ") })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_choice_and_nothing_is_none() {
        let choices = [("on", true), ("off", false)];
        assert_eq!(find("NUB_X", "off", &choices), Ok(Some(false)));
        assert_eq!(find("NUB_X", "", &choices), Ok(None));
        assert_eq!(choice("NUB_A_VARIABLE_THAT_NOBODY_SETS", &choices), Ok(None));
    }

    #[test]
    fn a_misspelt_name_is_refused_with_the_right_ones() {
        let refused = find("NUB_X", "On", &[("on", true), ("off", false)]).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "the environment variable NUB_X is \"On\"; set it to one of on, off, or unset it"
        );
    }
}
