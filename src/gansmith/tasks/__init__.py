"""What a user asks for; a task asks the modality and never which kind of data it holds."""
