"""Does it give anybody away? Attacks on synthetic records, each beside a control group and a naive guess.

copies, nearer          alarms: records that stand in training, or too near to it
rare_values             values of few people that came through
singling_out            one column or several that fit exactly one training record   (predicates)
linkability             two halves of a training record put together again           (neighbours)
inference               a secret column guessed from all others
membership              who was in training?      (membership_attacks, operating_point, unusual)
risk                    from counted successes to a risk with an interval
"""
