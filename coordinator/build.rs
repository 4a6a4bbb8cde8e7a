//! A new migration changes no source file, but must be embedded.

fn main() {
    println!("cargo:rerun-if-changed=../migrations");
}
