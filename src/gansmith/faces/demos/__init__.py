"""What a newcomer sees first: the classic games, played from end to end in less than a minute each."""
