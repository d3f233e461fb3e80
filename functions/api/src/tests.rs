//! The routes over fakes: what clients see.

mod changing;
mod errors;
mod event_types;
mod openapi;
mod publishing;
mod reading;
mod registering;
mod service;
