"""`relevo import`: how a file is written (`reading`), importing it where it broke off (`running`), the bar (`bar`)."""
