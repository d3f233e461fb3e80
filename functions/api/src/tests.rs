//! The routes over fakes: what clients see.

mod changing;
mod documents;
mod errors;
mod fuzz;
mod listing;
mod once;
mod openapi;
mod pausing;
mod publishing;
mod reading;
mod recovering;
mod registering;
mod secrets;
mod service;
mod tenants;
mod trying;
