"""Cases from files, their reports, and coupled flows in turned frames."""
