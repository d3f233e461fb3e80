//! The routes over fakes: what clients see.

mod changing;
mod errors;
mod openapi;
mod publishing;
mod reading;
mod registering;
mod service;
mod shapes;
mod tenants;
