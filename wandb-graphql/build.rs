//! Registers the schema that the operations are typed against.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    cynic_codegen::register_schema("wandb").from_sdl_file("schema.graphql")?.as_default()?;
    Ok(())
}
