//! A runner, as those who use it see it: the program as a process of its own, with a server that answers as a test tells
//! it to.

#![cfg(test)]

mod assignments;
mod boundary;
mod downloads;
mod ending;
mod enrollment;
mod hostile;
mod identity;
mod lives;
mod null_radio;
mod reports;
mod station;
mod support;
mod transmit;
