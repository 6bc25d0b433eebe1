"""What a browser may say: reading what it sent, and nothing that it has no proof of. Pure.

`batches` reads the body, `segment` other senders' bodies, `hits` what each part says, `push` what
browsers say of push messages, `values` single values, `proofs` who is signed in, `traffic` where a request comes from.
"""
