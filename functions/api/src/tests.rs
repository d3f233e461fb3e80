//! The routes over fakes: what clients see.

mod changing;
mod errors;
mod fuzz;
mod publishing;
mod reading;
mod registering;
mod service;
