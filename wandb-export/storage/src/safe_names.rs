//! Names that are safe on every system, and replacements for others.

use icu_normalizer::ComposingNormalizerBorrowed;
use md5::{Digest as _, Md5};

use crate::digest::hex;

/// Maximum length of a path component in bytes. Common file systems allow at most 255.
const MAX_COMPONENT_BYTES: usize = 255;

/// Maximum length of a path below the folder in bytes. Systems allow at least 1 024, including the folder's
/// path.
const MAX_PATH_BYTES: usize = 700;

/// Bytes kept of a component that is replaced.
const MAX_KEPT_BYTES: usize = 80;

/// Returns whether a name is valid on every system as a path below a folder.
pub fn is_safe(name: &str) -> bool {
    name.len() <= MAX_PATH_BYTES && name.split('/').all(is_safe_part)
}

/// Returns whether a name is valid on every system as a single path component.
pub fn is_safe_component(name: &str) -> bool {
    !name.contains('/') && is_safe_part(name)
}

fn is_safe_part(part: &str) -> bool {
    let is_odd = |character: char| character.is_control() || r#"<>:"\|?*"#.contains(character);
    !part.is_empty()
        && part.len() <= MAX_COMPONENT_BYTES
        && !part.contains(is_odd)
        // Covers `.` and `..`. Windows strips trailing dots and spaces.
        && !part.ends_with(['.', ' '])
        && !is_device(part)
}

/// Returns whether Windows treats the name as a device. It ignores everything after the first dot.
fn is_device(part: &str) -> bool {
    let stem = part.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    if matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$" | "CLOCK$") {
        return true;
    }
    let number = stem.strip_prefix("COM").or_else(|| stem.strip_prefix("LPT"));
    number.is_some_and(|number| {
        let mut characters = number.chars();
        let digit = characters.next().is_some_and(|digit| digit.is_ascii_digit() || "¹²³".contains(digit));
        digit && characters.next().is_none()
    })
}

/// Returns a safe name for an unsafe one: a readable part of it with a hash that keeps it unique. Further
/// values of `variant` give alternatives if the name is taken.
pub fn replace_unsafe(name: &str, variant: u32) -> String {
    let mut parts: Vec<String> =
        name.split('/').filter(|part| !part.is_empty()).map(sanitize_component).collect();
    let last = parts.pop().unwrap_or_else(|| "_".to_owned());
    let (stem, extension) = last.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).unwrap_or((&last, ""));
    let dot = if extension.is_empty() { "" } else { "." };
    let last = format!("{stem}~{}{dot}{extension}", short_hash(name, variant));
    let mut path = String::new();
    // From the second variant on, drop the folders: another name may be a file of the same name as one of
    // them.
    for part in parts.iter().filter(|_| variant == 0) {
        if path.len() + part.len() + last.len() + 2 > MAX_PATH_BYTES {
            break;
        }
        path.push_str(part);
        path.push('/');
    }
    path + &last
}

fn sanitize_component(part: &str) -> String {
    let mut safe = String::new();
    for character in part.chars() {
        let is_odd = character.is_control() || r#"<>:"\|?*"#.contains(character);
        let character = if is_odd { '_' } else { character };
        if safe.len() + character.len_utf8() > MAX_KEPT_BYTES {
            break;
        }
        safe.push(character);
    }
    let kept = safe.trim_end_matches(['.', ' ']).len();
    safe.truncate(kept);
    if safe.is_empty() || is_device(&safe) {
        safe.insert(0, '_');
    }
    safe
}

/// Returns eight hexadecimal digits that depend on the name.
fn short_hash(name: &str, variant: u32) -> String {
    hex(&Md5::digest(if variant == 0 { name.to_owned() } else { format!("{name}\0{variant}") }))[..8]
        .to_owned()
}

/// Returns a hash of the name as 32 hexadecimal digits.
pub fn hash_name(name: &str) -> String {
    hex(&Md5::digest(name))
}

/// Returns a key that is equal for names that some system treats as the same: it ignores case and Unicode
/// composition.
pub fn collision_key(path: &str) -> String {
    let folded = path.to_uppercase().to_lowercase();
    ComposingNormalizerBorrowed::new_nfc().normalize(&folded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_are_safe() {
        for name in [
            "a",
            "model-best.h5",
            "media/images/größe 1.png",
            ".hidden",
            "a..b",
            "com",
            "com10",
            "日本/x.tar.gz",
        ] {
            assert!(is_safe(name), "{name}");
        }
    }

    #[test]
    fn unsafe_names_are_rejected_and_replaced() {
        let long = "x".repeat(256);
        let deep = "abcdefgh/".repeat(100) + "x";
        for name in [
            "",
            "/",
            "/etc/passwd",
            "../x",
            "a/../b",
            "a/./b",
            "a//b",
            "a/",
            "..",
            ".",
            r"..\x",
            r"a\b",
            "C:/x",
            "c:x",
            "a\0b",
            "a\nb",
            "a\u{7f}b",
            "con",
            "CON.txt",
            "a/nul",
            "LPT1",
            "com¹.log",
            "aux .txt",
            "a.",
            "a ",
            "a./b",
            "x?",
            "x|y",
            &long,
            &deep,
        ] {
            assert!(!is_safe(name), "{name:?}");
            assert!(is_safe(&replace_unsafe(name, 0)), "{name:?}: {:?}", replace_unsafe(name, 0));
            assert!(is_safe(&replace_unsafe(name, 1)), "{name:?}: {:?}", replace_unsafe(name, 1));
        }
    }

    #[test]
    fn replacements_are_readable() {
        assert_eq!(replace_unsafe("../models/a:b.h5", 0), "_/models/a_b~122d45f7.h5");
        assert_eq!(replace_unsafe("CON", 0), "_CON~53ae9714");
        assert!(!replace_unsafe("a/b/c", 1).contains('/'));
    }

    #[test]
    fn keys_ignore_case_and_composition() {
        assert_eq!(collision_key("A/Große.TXT"), collision_key("a/GROSSE.txt"));
        assert_eq!(collision_key("e\u{301}"), collision_key("\u{c9}"));
        assert_ne!(collision_key("a"), collision_key("b"));
    }
}
