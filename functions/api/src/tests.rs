//! The routes over fakes: what clients see.

mod changing;
mod errors;
mod figures;
mod lists;
mod openapi;
mod publishing;
mod reading;
mod registering;
mod service;
