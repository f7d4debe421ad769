module mixq

go 1.26
