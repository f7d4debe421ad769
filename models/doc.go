// Package models defines networks as nn graphs, with the parameter names that
// published PyTorch checkpoints use. A model is data: Build gives the graph
// without weights, Load one with the weights of a checkpoint; running it is the
// business of other packages.
package models
