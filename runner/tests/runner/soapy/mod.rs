//! Radio hardware that is not there: a SoapySDR module of these tests behaves like each of the radios, and worse.

mod agent;
mod bench;
mod devices;
mod faults;
mod life;
mod stock;
