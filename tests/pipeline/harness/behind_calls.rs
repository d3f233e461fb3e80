//! Ports whose methods are calls that fail.

/// Implements ports: each method calls the ledger through `Port::call`, which may fail.
macro_rules! behind_calls {
    ($($port:ident { $($operation:literal $method:ident($($name:ident: $kind:ty),*) -> $answer:ty;)+ })+) => { $(
        impl $port for Port {
            $(
                async fn $method(&self, $($name: $kind),*) -> Result<$answer, Unavailable> {
                    self.call($operation, $port::$method(&self.environment.ledger, $($name),*)).await
                }
            )+
        }
    )+ };
}

pub(crate) use behind_calls;
