//! What an organiser sees when an event file is read.

#![cfg(test)]

mod any_bytes;
mod files;
mod flags_csv;
mod instances;
mod keeping_going;
mod older_examples;
mod older_yaml;
mod protected;
mod support;
mod ways_out;
mod yaml;
