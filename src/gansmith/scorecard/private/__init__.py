"""Does it give anybody away? Attacks on synthetic records, each beside a control group and a naive guess.

copies          records, texts and rare values of training that came through, or lie too near to it
singling_out    one column or several that fit exactly one training record
linkability     two halves of a training record put together again
inference       a secret column guessed from all others
membership      who was in training?
rates           what telling members from others reaches: an AUC, a share that is sure
unusual         the most unusual records, and who lies right beside them
risk            from counted successes to a risk with an interval

All take synthetic records (`fake`), what the generator learnt from (`train`), real records of the same source
that it never saw (`holdout`), and the seed of their draws. Training and hold-out give equally many targets,
`n_max` at most. They raise `DataError` for different columns, none at all, or an empty set.
"""
