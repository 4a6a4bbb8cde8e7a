//! Builds the program again when the dashboard was built again: its files are part of the program.

fn main() {
    println!("cargo::rerun-if-changed=dashboard/dist");
}
