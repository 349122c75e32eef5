"""What a card says in words.

questions       five questions about synthetic data, each a line with a level and its limits
answers         what was found, in sentences
evidence        what they are drawn from
given           what is wrong with the records given: hold-outs that were learnt from, duplicates
leaks           which privacy scores show a leak, and the privacy card
"""
