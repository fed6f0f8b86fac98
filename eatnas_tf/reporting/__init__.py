"""What a person looks at: progress, tables and TensorBoard."""
