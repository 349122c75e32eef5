"""Does it give anybody away? Attacks on synthetic records, each beside a control group and a naive guess."""
