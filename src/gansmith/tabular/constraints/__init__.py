"""What always holds between the columns of a table: declared or found, and kept in every record made."""
