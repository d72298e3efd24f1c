//! Typed GraphQL operations of Weights & Biases as pure values
