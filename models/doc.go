// Package models defines networks as nn graphs, with the parameter names that
// published PyTorch checkpoints use. A model is data: it carries no weights
// (nn.Bind adds them) and no code to run it.
package models
