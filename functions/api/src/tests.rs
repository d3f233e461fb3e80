//! The routes over fakes: what clients see.

mod changing;
mod documents;
mod errors;
mod event_types;
mod figures;
mod fuzz;
mod isolation;
mod listing;
mod lists;
mod once;
mod openapi;
mod pausing;
mod publishing;
mod reading;
mod recovering;
mod registering;
mod secrets;
mod service;
mod shapes;
mod spans;
mod tenants;
mod trying;
