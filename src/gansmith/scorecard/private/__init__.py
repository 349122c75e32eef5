"""Does it give anybody away? Attacks on synthetic records, each beside a control group and a naive guess.

copies          records, texts and rare values of training that came through, or lie too near to it
singling_out    one column or several that fit exactly one training record
linkability     two halves of a training record put together again
inference       a secret column guessed from all others
membership      who was in training?                                           (membership_attacks)
risk            from counted successes to a risk with an interval
"""
